"""Names of invented Americans for the generator: first names by sex, how people shorten them, last names, streets; commonest first.

Written for this bench and not taken from the table that the normal form reads: some short forms here are unknown to it, as in life.
"""

from __future__ import annotations

from typing import Final

MEN: Final = (
    "James John Robert Michael William David Richard Joseph Thomas Charles Christopher Daniel Matthew Anthony Mark Donald Steven Paul "
    "Andrew Joshua Kenneth Kevin Brian George Timothy Ronald Edward Jason Jeffrey Ryan Jacob Gary Nicholas Eric Jonathan Stephen Larry "
    "Justin Scott Brandon Benjamin Samuel Gregory Alexander Frank Patrick Raymond Jack Dennis Jerry Tyler Aaron Jose Adam Nathan Henry "
    "Douglas Zachary Peter Kyle Ethan Walter Noah Jeremy Christian Keith Roger Terry Gerald Harold Sean Austin Carl Arthur Lawrence Dylan "
    "Jesse Jordan Bryan Billy Joe Bruce Gabriel Logan Albert Willie Alan Juan Wayne Elijah Randy Roy Vincent Ralph Eugene Russell Bobby "
    "Mason Philip Louis Luis Carlos Victor Martin Ernest Phillip Todd Craig Stanley Leonard Curtis Allen Dale Manuel Rodney Glenn Marvin "
    "Norman Howard Clarence Miguel Antonio Jorge Rafael Hector Pedro Leroy Darrell Wesley Marcus Theodore Clifford Calvin Derek Clyde "
    "Lloyd Vernon Milton Lester Oscar Cedric Dwayne Terrence Jerome Omar Andre Darius Jamal Hiroshi Wei Minh Ravi Ahmed Dmitri Lars Piotr"
).split()
WOMEN: Final = (
    "Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Sarah Karen Lisa Nancy Betty Sandra Margaret Ashley Kimberly Emily Donna "
    "Michelle Carol Amanda Melissa Deborah Stephanie Dorothy Rebecca Sharon Laura Cynthia Amy Kathleen Angela Shirley Brenda Emma Anna "
    "Pamela Nicole Samantha Katherine Christine Helen Debra Rachel Carolyn Janet Maria Catherine Heather Diane Olivia Julie Joyce Victoria "
    "Ruth Virginia Lauren Kelly Christina Joan Evelyn Judith Andrea Hannah Megan Cheryl Jacqueline Martha Madison Teresa Gloria Sara "
    "Janice Ann Kathryn Abigail Sophia Frances Jean Alice Judy Isabella Julia Grace Amber Denise Danielle Marilyn Beverly Charlotte "
    "Natalie Theresa Diana Brittany Doris Kayla Alexis Lori Marie Rosa Ana Carmen Guadalupe Yolanda Alma Irene Eleanor Florence Edith "
    "Lucille Josephine Geraldine Vivian Marjorie Bernice Gladys Ethel Thelma Loretta Wanda Tamara Regina Latoya Keisha Shanice Ebony "
    "Priya Mei Yuki Fatima Olga Ingrid Svetlana Noor Leticia Consuelo Dolores Esperanza Bridget Colleen Maureen Eileen Gwendolyn Rosemary"
).split()
SHORT: Final = {
    full: shorts.split()
    for full, shorts in (
        pair.split(":")
        for pair in (
            "James:Jim Jimmy Jamie;John:Jack Johnny Jon;Robert:Bob Rob Bobby Robbie Bert;Michael:Mike Mikey Mick Mickey;William:Bill Will "
            "Billy Willy Liam;David:Dave Davey;Richard:Rick Dick Rich Ricky Richie;Joseph:Joe Joey Jos;Thomas:Tom Tommy Thos;Charles:Charlie "
            "Chuck Chas Chip;Christopher:Chris Topher Kit;Daniel:Dan Danny;Matthew:Matt Matty;Anthony:Tony Ant;Mark:Marky;Donald:Don "
            "Donny;Steven:Steve Stevie;Andrew:Andy Drew;Joshua:Josh;Kenneth:Ken Kenny;Kevin:Kev;George:Georgie;Timothy:Tim Timmy;"
            "Ronald:Ron Ronny Ronnie;Edward:Ed Eddie Ted Ned;Jeffrey:Jeff;Jacob:Jake;Nicholas:Nick Nicky;Jonathan:Jon Jonny Nathan;Stephen:"
            "Steve;Lawrence:Larry;Benjamin:Ben Benny Benji;Samuel:Sam Sammy;Gregory:Greg;Alexander:Alex Al Sandy Xander;Patrick:Pat Paddy;"
            "Raymond:Ray;Gerald:Jerry Gerry;Nathan:Nate;Henry:Hank Harry;Douglas:Doug;Zachary:Zach Zack;Peter:Pete;Walter:Walt Wally;Harold:"
            "Harry Hal;Arthur:Art Artie;Albert:Al Bert;Gabriel:Gabe;Vincent:Vince Vinny;Eugene:Gene;Russell:Russ;Philip:Phil;Phillip:Phil;"
            "Louis:Lou Louie;Victor:Vic;Martin:Marty;Ernest:Ernie;Stanley:Stan;Leonard:Len Lenny Leo;Curtis:Curt;Rodney:Rod;Norman:Norm;"
            "Howard:Howie;Clarence:Clare;Antonio:Tony;Wesley:Wes;Theodore:Ted Teddy Theo;Clifford:Cliff;Calvin:Cal;Vernon:Vern;Terrence:"
            "Terry;Manuel:Manny;Miguel:Mike;Rafael:Rafa Ralph;Mary:Molly Polly Mae;Patricia:Pat Patty Trish Tricia;Jennifer:Jen Jenny Jenn;"
            "Linda:Lindy;Elizabeth:Liz Beth Betty Betsy Lizzie Eliza Libby;Barbara:Barb Babs Barbie;Susan:Sue Susie Suzy;Jessica:Jess Jessie;"
            "Sarah:Sally Sadie;Karen:Kari;Nancy:Nan;Sandra:Sandy;Margaret:Maggie Meg Peggy Marge Greta;Ashley:Ash;Kimberly:Kim Kimmie;Emily:"
            "Em Emmy;Michelle:Shelly Missy;Carol:Carrie;Amanda:Mandy;Melissa:Missy Mel Lissa;Deborah:Deb Debbie;Stephanie:Steph Stevie;"
            "Dorothy:Dot Dottie Dolly;Rebecca:Becky Becca;Sharon:Shari;Laura:Laurie;Cynthia:Cindy;Kathleen:Kathy Kath Kay;Angela:Angie;"
            "Pamela:Pam;Nicole:Nikki Nicky;Samantha:Sam Sammy;Katherine:Kathy Kate Katie Kat Kitty;Christine:Chris Chrissy Tina;Debra:Deb "
            "Debbie;Rachel:Rae;Janet:Jan;Catherine:Cathy Cate Kate;Diane:Di;Olivia:Liv Livvy;Victoria:Vicky Tori;Virginia:Ginny;Christina:"
            "Chris Tina;Evelyn:Evie;Judith:Judy;Andrea:Andie;Megan:Meg;Jacqueline:Jackie;Martha:Marty;Madison:Maddie;Teresa:Terri Tess;Janice:"
            "Jan;Kathryn:Kathy Kate Katie;Abigail:Abby;Frances:Fran Frankie;Isabella:Bella Izzy;Danielle:Dani;Beverly:Bev;Charlotte:Charlie "
            "Lottie;Natalie:Nat;Theresa:Terri Tess;Diana:Di;Alexis:Lexi Alex;Eleanor:Ellie Nell;Florence:Flo;Josephine:Jo Josie;Geraldine:"
            "Geri;Vivian:Viv;Marjorie:Marge;Guadalupe:Lupe;Dolores:Lola;Consuelo:Chelo;Gwendolyn:Gwen;Rosemary:Rose Rosie;Leticia:Letty"
        ).split(";")
    )
}
"""What people of a formal name are called by those who know them."""

SPELLINGS: Final = (
    "Catherine Katherine Kathryn;Stephen Steven;Sarah Sara;Philip Phillip;Jeffrey Geoffrey;Brian Bryan;Eric Erik;Carl Karl;Ann Anne;"
    "Teresa Theresa;Allen Alan;Christine Kristine;Debra Deborah;Michelle Michele;Nicholas Nicolas;Mark Marc;Lawrence Laurence;Isabella Isabela;"
    "Lori Laurie;Vivian Vivien;Cathleen Kathleen;Rebecca Rebekah;Rachel Rachael;Kristina Christina;Zachary Zachery;Sean Shawn;Sofia Sophia"
)
"""Names that a listener writes one for the other."""

TWINS: Final = (
    "Eric Erica;Jon Ron;Jaden Caden;Aiden Jayden;Mia Maya;Ella Emma;Brandon Brendan;Daniel Danielle;Carl Carla;Michael Michelle;Ava Eva;"
    "Joan Jean;Mary Marie;Taylor Tyler;Gabriel Gabriella;Paul Paula;Dennis Denise;Marc Mark;Jack Jake;Kayla Kaylee;Ryan Bryan;Anna Hannah"
)
"""Names of twins that sound or look alike."""

LASTS: Final = (
    "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson Anderson Thomas Taylor Moore "
    "Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis Robinson Walker Young Allen King Wright Scott Torres Nguyen "
    "Hill Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts Gomez Phillips Evans Turner Diaz Parker Cruz Edwards "
    "Collins Reyes Stewart Morris Morales Murphy Cook Rogers Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos Kim Cox "
    "Ward Richardson Watson Brooks Chavez Wood James Bennett Gray Mendoza Ruiz Hughes Price Alvarez Castillo Sanders Patel Myers Long Ross "
    "Foster Jimenez Powell Jenkins Perry Russell Sullivan Bell Coleman Butler Henderson Barnes Gonzales Fisher Vasquez Simmons Romero Jordan "
    "Patterson Alexander Hamilton Graham Reynolds Griffin Wallace Moreno West Cole Hayes Bryant Herrera Gibson Ellis Tran Medina Aguilar "
    "Stevens Murray Ford Castro Marshall Owens Harrison Fernandez McDonald Woods Washington Kennedy Wells Vargas Henry Chen Freeman Webb "
    "Tucker Guzman Burns Crawford Olson Simpson Porter Hunter Gordon Mendez Silva Shaw Snyder Mason Dixon Munoz Hunt Hicks Holmes Palmer "
    "Wagner Black Robertson Boyd Rose Stone Salazar Fox Warren Mills Meyer Rice Schmidt Garza Daniels Ferguson Nichols Stephens Soto Weaver "
    "Ryan Gardner Payne Grant Dunn Kelley Spencer Hawkins Arnold Pierce Hansen Peters Santos Hart Bradley Knight Elliott Cunningham Duncan "
    "Armstrong Hudson Carroll Lane Riley Andrews Alvarado Ray Delgado Berry Perkins Hoffman Johnston Matthews Pena Richards Contreras Willis "
    "Carpenter Lawrence Sandoval Guerrero George Chapman Rios Estrada Ortega Watkins Greene Nunez Wheeler Valdez Harper Burke Larson Santiago "
    "Maldonado Morrison Franklin Carlson Austin Dominguez Carr Lawson Jacobs OBrien Lynch Singh Vega Bishop Montgomery Oliver Jensen Harvey "
    "Williamson Gilbert Dean Sims Espinoza Howell Li Wong Reid Hanson Le McCoy Garrett Burton Fuller Wang Weber Welch Rojas Lucas Marquez"
).split()
LAST_BEGIN: Final = (
    "Ab Ash Bar Beck Ber Black Bran Brick Brod Bur Cal Can Carl Cas Chat Clif Col Cor Cran Dal Dan Del Den Dor Dun East Eck Ed El Em Fair "
    "Fal Far Fen Fer Fitz Gal Gar Gil Glen Gold Good Gran Gren Had Hal Ham Har Has Haw Hen Hol Hor Hum Jan Jar Kal Kel Ken Kin Kirk Kow "
    "Kraus Lam Lan Lar Law Lin Lock Lor Mac Mal Man Mar Mel Mer Mid Mil Mon Mor Nas Nor Oak Ol Or Pal Pem Pen Per Pick Pol Pres Quin Rad Ram "
    "Rand Red Ren Ros Roth Rud Sal San Schu Sed Sel Shel Sher Sil Som Stan Star Stein Stod Strat Sut Swan Tal Tem Thorn Til Tor Tre Up Val Van "
    "Ver Vin Wad Wal War Wat Wes Whit Wil Win Wol Wood Yar Zim"
).split()
LAST_END: Final = (
    "berg bert bury by croft dale den dorf er es feld field ford gan gate ger gren ham hart haus holm hurst ing kamp ker ki kin lain land "
    "ler ley lin ling lock low man mann mark mer mond more nell ner nett ney nik over quist rell ren ridge rin ron rose sen ser ski sky smith "
    "son stad stein sten ston stone strom sworth ter thal tin ton tree ville vin wald ward ware way well wick win wood worth yer zek"
).split()
STREETS: Final = (
    "Main Oak Park Maple Cedar Elm Washington Lake Hill Walnut Spring North Ridge Church Willow Mill Sunset Railroad Jackson Cherry West "
    "South Center Highland Johnson Forest Jefferson Hickory Wilson River Meadow Valley Smith East Chestnut Lincoln Franklin Adams Pine Dogwood "
    "Birch Poplar Madison Spruce Madison Laurel College Grove Lakeview Locust Sycamore Magnolia Monroe Davis Prospect Clark Fairview Hillside "
    "Woodland Broad Grant Sunrise Cypress Heritage Canterbury Colonial Cambridge Country Club Holly Orchard Juniper Sherwood Garden Harrison "
    "Aspen Pleasant School Liberty Union Front Water Market Pearl Summit Rose Cottage Bridge Court Dove Eagle Fox Run Deer Creek Quail "
    "Hunters Timber Stone Rock Sandy Crystal Silver Golden Winding Rolling Quiet Shady Windsor Essex Devon Surrey Kent Oxford Wellington "
    "Buckingham Lexington Concord Salem Plymouth Bedford Hampton Arlington Richmond Charleston Savannah Dallas Austin Denver Phoenix Pacific "
    "Atlantic Ocean Bay Harbor Beach Shore Canyon Mesa Vista Sierra Palm Orange Lemon Peach Plum Apple Vine Ivy Clover Daisy Violet"
).split()
